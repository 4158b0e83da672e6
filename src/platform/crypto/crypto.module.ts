import { Global, Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { FieldCipher } from './field-cipher.js';
import { EncryptionKeyRing, TokenKeyRing } from './key-ring.js';
import { RandomSource, SystemRandomSource } from './random-source.js';
import { SigningKeys } from './signing-keys.js';

@Global()
@Module({
  providers: [
    { provide: RandomSource, useClass: SystemRandomSource },
    FieldCipher,
    { provide: SigningKeys, inject: [Config], useFactory: (config: Config) => config.signingKeys },
    { provide: EncryptionKeyRing, inject: [Config], useFactory: (config: Config) => config.encryptionKeys },
    { provide: TokenKeyRing, inject: [Config], useFactory: (config: Config) => config.tokenKeys },
  ],
  exports: [RandomSource, FieldCipher, SigningKeys, EncryptionKeyRing, TokenKeyRing],
})
export class CryptoModule {}
