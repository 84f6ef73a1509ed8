// CommonJS Nest add-ons cannot be the first to require an ES-module Nest: load Nest itself before any of them.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
import '@nestjs/testing';
