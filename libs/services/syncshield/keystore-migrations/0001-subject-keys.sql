-- Keys of data subjects, apart from the ledger: in a schema, or by SYNCSHIELD_KEYSTORE_URL a server, of their own. Every
-- key is wrapped (AES-256-GCM) by a key-encryption key that no database holds. No row names a subject: `lookup` is an
-- HMAC under the pepper.

CREATE TABLE peppers (
  id      smallint NOT NULL PRIMARY KEY CHECK (id = 1),
  kek_id  text     NOT NULL,
  wrapped bytea    NOT NULL
);

CREATE TABLE subject_keys (
  tenant     text   NOT NULL,
  lookup     bytea  NOT NULL CHECK (length(lookup) = 32),
  key_id     uuid   NOT NULL UNIQUE,
  kek_id     text   NOT NULL,
  wrapped    bytea  NOT NULL,
  created_ms bigint NOT NULL,
  PRIMARY KEY (tenant, lookup)
);

-- What is left of a destroyed key. `erase_no` grows: other processes drop what they remember when they see it move.
CREATE TABLE tombstones (
  tenant     text   NOT NULL,
  key_id     uuid   NOT NULL,
  erase_no   bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  request_id text   NOT NULL,
  erased_ms  bigint NOT NULL,
  PRIMARY KEY (tenant, key_id)
);
