import { Transform } from 'class-transformer';
import {
  IsInstant,
  IsJsonObject,
  IsMatching,
  IsName,
  IsOneOf,
  IsWholeNumber,
  Optional,
} from '../../platform/validation/fields.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import type { Integration } from '../../platform/database/generated/client.js';

const PROVIDERS = ['TIKTOK_SHOP', 'MENGANTAR', 'SCALEV', 'GOOGLE_ADS', 'CUSTOM'] as const;
const STATUSES = ['ACTIVE', 'DISABLED'] as const;
const SCHEMES = ['standard', 'tiktok', 'scalev', 'google-ads', 'hmac'] as const;
/** 30 days. */
const MAX_OVERLAP_SECONDS = 2_592_000;

/** A token or key as the platform gave it. */
const IsSecret = (): PropertyDecorator =>
  IsMatching('text of 1 to 8192 characters', (text) => text.length > 0 && text.length <= 8192);

/** What `POST` and `PATCH` have in common. */
class IntegrationFields {
  @Optional()
  @IsSecret()
  accessToken?: string;

  @Optional()
  @IsSecret()
  refreshToken?: string;

  @Optional()
  @IsSecret()
  apiKey?: string;

  @Optional()
  @IsSecret()
  webhookSecret?: string;

  @Optional()
  @IsJsonObject(64 * 1024)
  config?: Record<string, unknown>;

  @Optional()
  @Transform(({ value }: { value: unknown }) =>
    value === 'google-ads' ? 'google_ads' : value === 'google_ads' ? null : value,
  )
  @IsOneOf(['standard', 'tiktok', 'scalev', 'google_ads', 'hmac'], SCHEMES)
  webhookScheme?: Integration['webhookScheme'];

  @Optional()
  @IsInstant()
  tokenExpiresAt?: Date;
}

/** `POST /integrations` */
export class CreateIntegrationDto extends IntegrationFields {
  @IsOneOf(PROVIDERS)
  provider: (typeof PROVIDERS)[number];

  @IsName(200)
  label: string;
}

/** `PATCH /integrations/:id` */
export class UpdateIntegrationDto extends IntegrationFields {
  @Optional()
  @IsName(200)
  label?: string;

  @Optional()
  @IsOneOf(PROVIDERS)
  provider?: (typeof PROVIDERS)[number];

  @Optional()
  @IsOneOf(STATUSES)
  status?: (typeof STATUSES)[number];

  /** How long the secret before a new `webhookSecret` goes on working. */
  @Optional()
  @IsWholeNumber(0, MAX_OVERLAP_SECONDS)
  webhookSecretOverlapSeconds: number = 86_400;
}

/** `GET /integrations` */
export class ListIntegrationsQuery extends PageQuery {
  @Optional()
  @IsOneOf(PROVIDERS)
  provider?: (typeof PROVIDERS)[number];

  @Optional()
  @IsOneOf(STATUSES)
  status?: (typeof STATUSES)[number];
}

/** `GET /internal/integrations/:id/credentials` */
export class ReadCredentialsQuery {
  /** For the trail: what the plaintext is needed for. */
  @IsName(200)
  purpose: string;
}
