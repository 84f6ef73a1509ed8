-- Graphs that users bring, in pieces of at most 1 MiB; written once, in the transaction that stores their model.
create table onnx_graphs (
  tenant text not null references ledgers,
  -- Of the whole graph, lower-case hex.
  sha256 text collate "C" not null check (sha256 ~ '^[0-9a-f]{64}$'),
  number integer not null check (number >= 0),
  piece bytea not null check (length(piece) between 1 and 1048576),
  primary key (tenant, sha256, number)
);
-- As they are: compressing weights takes time and gains little.
alter table onnx_graphs alter column piece set storage external;

-- SHA-256 of declaration and graph of a model that was brought: the same again is the same model.
alter table models add column import_sha256 text collate "C";
create unique index models_by_import on models (tenant, import_sha256) where import_sha256 is not null;

-- A model that was brought does not tell everything.
alter table customer_scores
  alter column expected_purchases drop not null,
  alter column alive_probability drop not null;
