create table models (
  tenant text not null references ledgers,
  version text collate "C" not null,
  number integer not null check (number >= 1),
  created_at timestamptz not null,
  -- As text, so that every double comes back bit for bit.
  artefact json not null,
  primary key (tenant, version),
  unique (tenant, number)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'a fitted model never changes';
end $$;

create trigger models_are_immutable before update on models
  for each row execute function refuse_change();

create table model_labels (
  tenant text not null,
  label text not null check (label in ('champion', 'challenger')),
  version text collate "C" not null,
  moved_at timestamptz not null,
  primary key (tenant, label),
  foreign key (tenant, version) references models
);

create table label_moves (
  tenant text not null,
  id bigint generated always as identity,
  label text not null,
  version text collate "C" not null,
  previous_version text collate "C",
  moved_at timestamptz not null,
  moved_by text not null,
  primary key (tenant, id)
);
