/** Tunable settings, written once into `postgresql.conf`; an operator may change them there. */
export function fileSettings(): string {
  return [
    '',
    '# KIKI: change freely; durability, sockets and authentication are set by KIKI at each start.',
    'shared_buffers = 128MB',
    'max_wal_size = 1GB',
    'checkpoint_completion_target = 0.9',
    'jit = off',
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    'log_min_messages = warning',
    "log_line_prefix = '%m [%p] %a '",
    'log_lock_waits = on',
    'log_checkpoints = off',
    // Without the details of an error, which quote the values of rows.
    'log_error_verbosity = terse',
    '',
  ].join('\n');
}

/** Settings a start may not do without, given on the command line, where no file can undo them. */
export function startSettings(where: { socketDir: string; port: number }): string[] {
  const isWindows = process.platform === 'win32';
  const settings: Record<string, string> = {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_connections: '100',
    password_encryption: 'scram-sha-256',
    listen_addresses: isWindows ? '127.0.0.1' : '',
    port: String(where.port),
    logging_collector: 'off',
    log_destination: 'stderr',
    // After a crash one sync of the file system instead of one per file: a second instead of seven.
    ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
    ...(isWindows
      ? {}
      : { unix_socket_directories: where.socketDir, unix_socket_permissions: '0700' }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
