#!/usr/bin/env node
import { runCli, watchInterrupts } from '@kiki/cli';
import { readEnvironment } from '@kiki/config';
import { kikiProgram } from './program.js';

/** Longest time in which a finished command may still write out what it said. */
const FLUSH_MS = 2_000;

const { signal } = watchInterrupts();
process.exitCode = await runCli(kikiProgram(readEnvironment()), process.argv.slice(2), { signal });
setTimeout(() => process.exit(), FLUSH_MS).unref();
