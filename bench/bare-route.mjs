// The same framework with nothing of ours: one controller, one route, an answer of the size of GET /users/me.
//
//   node bench/bare-route.mjs <port>
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const ANSWER = {
  id: '019aa000-0000-7000-8000-000000000000',
  email: 'person0@example.com',
  name: 'Person 0',
  locale: 'en',
  role: 'ADMIN',
  status: 'ACTIVE',
  hasPassword: true,
  mustChangePassword: false,
  passwordResetRequested: false,
  passwordResetRequestDate: null,
  twoFactorEnabled: false,
  lastLoginAt: '2026-01-31T08:00:00.000Z',
  createdAt: '2026-01-31T08:00:00.000Z',
  updatedAt: '2026-01-31T08:00:00.000Z',
  organization: { id: '019aa000-0000-7000-8000-000000000001', name: 'Organization 0' },
  tokenBalance: 0,
};

class BareController {
  answer() {
    return ANSWER;
  }
}
Controller('bare')(BareController);
Get()(
  BareController.prototype,
  'answer',
  Object.getOwnPropertyDescriptor(BareController.prototype, 'answer'),
);

class BareModule {}
Module({ controllers: [BareController] })(BareModule);

const app = await NestFactory.create(BareModule, new FastifyAdapter(), { logger: false });
await app.listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
