import { Global, Module } from '@nestjs/common';
import { Cookies } from './cookies.js';
import { SameOrigin } from './same-origin.js';

@Global()
@Module({ providers: [Cookies, SameOrigin], exports: [Cookies, SameOrigin] })
export class HttpModule {}
