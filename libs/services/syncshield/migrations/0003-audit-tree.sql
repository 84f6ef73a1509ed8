-- The Merkle tree over each tenant's audit log: tiles of RFC 6962 hashes, the head that was signed last, and the public
-- keys that ever signed. Private keys are never here.

-- Records are large and written at every commit: no time goes into compressing them.
ALTER TABLE audit_bundles ALTER COLUMN records SET STORAGE EXTERNAL;

-- Hash i of a tile is the root of leaves (index * 256 + i) * 256^level and following; only ever grows.
CREATE TABLE audit_tiles (
  tenant text     NOT NULL,
  level  smallint NOT NULL CHECK (level BETWEEN 0 AND 6),
  index  bigint   NOT NULL CHECK (index >= 0),
  hashes bytea    NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
  PRIMARY KEY (tenant, level, index)
);
ALTER TABLE audit_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE audit_trees (
  tenant        text   NOT NULL PRIMARY KEY,
  -- What the tiles cover.
  size          bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
  -- The last checkpoint: written before anybody sees it, the next one must contain it.
  signed_size   bigint NOT NULL DEFAULT 0 CHECK (signed_size BETWEEN 0 AND size),
  signed_root   bytea  CHECK (length(signed_root) = 32),
  note          text,
  signed_ms     bigint,
  -- Raw public keys that signed it, base64, separated by commas.
  signed_by     text,
  anchored_size bigint NOT NULL DEFAULT 0 CHECK (anchored_size BETWEEN 0 AND signed_size),
  -- Where reading everything anew goes on, and when it was last done.
  checked_size  bigint NOT NULL DEFAULT 0,
  checked_ms    bigint NOT NULL DEFAULT 0,
  -- Why nothing is signed any more; set by SyncShield, cleared by an operator who has looked.
  alarm         text,
  CHECK ((signed_size = 0) = (note IS NULL)),
  CHECK (note IS NULL OR (signed_root IS NOT NULL AND signed_ms IS NOT NULL AND signed_by IS NOT NULL))
) WITH (fillfactor = 50);

-- Ed25519 public keys, 32 bytes; the newest one signs.
CREATE TABLE audit_keys (
  key_no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_key bytea  NOT NULL UNIQUE CHECK (length(public_key) = 32),
  added_ms   bigint NOT NULL
);

CREATE FUNCTION refuse_shorter_tile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.tenant, NEW.level, NEW.index) IS DISTINCT FROM (OLD.tenant, OLD.level, OLD.index)
     OR substring(NEW.hashes FOR length(OLD.hashes)) <> OLD.hashes THEN
    RAISE EXCEPTION 'a tile of the audit tree only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_tiles_only_grow BEFORE UPDATE ON audit_tiles
  FOR EACH ROW EXECUTE FUNCTION refuse_shorter_tile();
CREATE TRIGGER audit_tiles_append_only BEFORE DELETE ON audit_tiles
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_tiles_no_truncate BEFORE TRUNCATE ON audit_tiles
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_smaller_tree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.tenant <> OLD.tenant OR NEW.size < OLD.size OR NEW.signed_size < OLD.signed_size
     OR NEW.anchored_size < OLD.anchored_size
     OR (NEW.signed_size = OLD.signed_size AND NEW.signed_root IS DISTINCT FROM OLD.signed_root) THEN
    RAISE EXCEPTION 'the audit tree only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_trees_only_grow BEFORE UPDATE ON audit_trees
  FOR EACH ROW EXECUTE FUNCTION refuse_smaller_tree();
CREATE TRIGGER audit_trees_append_only BEFORE DELETE ON audit_trees
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_trees_no_truncate BEFORE TRUNCATE ON audit_trees
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_shorter_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.tenant <> OLD.tenant OR NEW.next_seq < OLD.next_seq THEN
    RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_heads_only_grow BEFORE UPDATE ON audit_heads
  FOR EACH ROW EXECUTE FUNCTION refuse_shorter_log();
CREATE TRIGGER audit_heads_append_only BEFORE DELETE ON audit_heads
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_heads_no_truncate BEFORE TRUNCATE ON audit_heads
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_keys_append_only BEFORE UPDATE OR DELETE ON audit_keys
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_keys_no_truncate BEFORE TRUNCATE ON audit_keys
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
