import { Global, Module } from '@nestjs/common';
import { KnownDevices } from './known-devices.js';

@Global()
@Module({ providers: [KnownDevices], exports: [KnownDevices] })
export class IdentityModule {}
