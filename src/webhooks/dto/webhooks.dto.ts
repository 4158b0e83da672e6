import { isAddressRange } from '../../platform/http/address-ranges.js';
import {
  IsId,
  IsListOf,
  IsMatching,
  IsName,
  IsWholeNumber,
  Optional,
} from '../../platform/validation/fields.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import { isUuid } from '../../platform/validation/uuid.js';

const MINUTE = 60;
const DAY = 86_400;

/** `GET /internal/webhook-events` */
export class PullEventsQuery extends PageQuery {
  @Optional()
  @IsId()
  integrationId?: string;
}

/** `POST /internal/webhook-events/acknowledge` */
export class AcknowledgeEventsDto {
  /** Ids of events; those that are unknown are passed over. */
  @IsListOf(100, 'a UUID', isUuid)
  ids: string[];
}

/** `POST /admin/blocked-addresses` */
export class BlockAddressDto {
  /** Address or CIDR. */
  @IsMatching('an address or a CIDR such as 203.0.113.0/24', isAddressRange)
  address: string;

  /** For how long: a minute to a year. */
  @Optional()
  @IsWholeNumber(MINUTE, 365 * DAY)
  seconds: number = DAY;

  @IsName(200)
  reason: string;
}
