/** Asks for the root secret of a home and says it. */
import { rootSecret } from './root-secret.js';

process.stdout.write(`secret ${rootSecret({ home: process.argv[2] ?? '' })}\n`);
