import { Global, Module } from '@nestjs/common';
import { HashBudget } from './hash-budget.js';
import { PasswordHasher } from './password-hasher.js';

@Global()
@Module({ providers: [PasswordHasher, HashBudget], exports: [PasswordHasher, HashBudget] })
export class PasswordsModule {}
