// CommonJS Nest add-ons cannot be the first to require an ES-module Nest: load Nest itself before any of them.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
import '@nestjs/testing';
import fc from 'fast-check';
import { testSeed } from '../libs/platform/testing/src/test-seed.ts';

// The gate is deterministic; KIKI_TEST_SEED=random explores.
fc.configureGlobal({ seed: testSeed() });
