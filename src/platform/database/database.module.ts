import { Global, Module, type DynamicModule } from '@nestjs/common';
import { FieldCipher } from '../crypto/field-cipher.js';
import { RandomSource } from '../crypto/random-source.js';
import { Signals } from '../events/signals.js';
import { KeyRotation } from './key-rotation.js';
import { PlaintextMove } from './plaintext-move.js';
import { KeyRegister } from './key-register.js';
import { KeyUsage } from './key-usage.js';
import { RowSecurityCheck } from './row-security-check.js';
import { Database, type DatabaseConnection } from './database.js';

@Global()
@Module({})
export class DatabaseModule {
  /** The open connection as the injectable `Database`, which closes it at shutdown. */
  static forRoot(connection: DatabaseConnection): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: Database,
          inject: [FieldCipher, RandomSource, Signals],
          useFactory: (cipher: FieldCipher, random: RandomSource, signals: Signals) =>
            new Database(connection, cipher, random, signals),
        },
        KeyUsage,
        KeyRegister,
        KeyRotation,
        PlaintextMove,
        RowSecurityCheck,
      ],
      exports: [Database, KeyUsage, KeyRegister, KeyRotation, PlaintextMove, RowSecurityCheck],
    };
  }
}
