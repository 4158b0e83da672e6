import { SERVICE_SCOPES, type ServiceScopeName } from '../../platform/access/principal.js';
import { IsInstant, IsListOf, IsName, IsText, Optional } from '../../platform/validation/fields.js';
import { isAddressRange } from '../../platform/http/address-ranges.js';

/** `POST /service-keys` */
export class CreateServiceKeyDto {
  @IsName()
  name: string;

  @IsListOf(SERVICE_SCOPES.length, `one of ${SERVICE_SCOPES.join(', ')}`, (text) =>
    (SERVICE_SCOPES as readonly string[]).includes(text),
  )
  scopes: ServiceScopeName[];

  @Optional()
  @IsInstant()
  expiresAt?: Date;

  @Optional()
  @IsListOf(50, 'an address or a CIDR such as 10.0.0.0/8', isAddressRange, 0)
  allowedIps?: string[];
}

/** `POST /internal/tokens/introspect` (RFC 7662 §2.1) */
export class IntrospectDto {
  @IsText(4096)
  token: string;
}
