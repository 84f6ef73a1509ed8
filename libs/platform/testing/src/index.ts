export * from './fake-clock.js';
export * from './free-port.js';
export * from './test-database.js';
export { testServer } from './test-server.js';
export * from './wait-for.js';
