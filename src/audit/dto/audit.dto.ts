import { SECURITY_ACTIONS, type SecurityAction } from '../../platform/events/security-event.js';
import {
  IsClientAddress,
  IsEmailAddress,
  IsId,
  IsInstant,
  IsOneOf,
  IsQueryBoolean,
  Optional,
} from '../../platform/validation/fields.js';
import { IsCursor, IsPageLimit, PageQuery } from '../../platform/validation/page-query.js';

/** `GET /audit/login-attempts.csv` */
export class AttemptsExportQuery {
  @Optional()
  @IsEmailAddress()
  email?: string;

  @Optional()
  @IsClientAddress()
  ip?: string;

  @Optional()
  @IsQueryBoolean()
  success?: boolean;

  @Optional()
  @IsInstant()
  from?: Date;

  /** Not included. */
  @Optional()
  @IsInstant()
  to?: Date;
}

/** `GET /audit/login-attempts` */
export class AttemptsQuery extends AttemptsExportQuery {
  @IsPageLimit()
  limit: number = 20;

  @IsCursor()
  cursor?: string;
}

/** A list of what happened within a time. */
class TimelineQuery extends PageQuery {
  @Optional()
  @IsInstant()
  from?: Date;

  /** Not included. */
  @Optional()
  @IsInstant()
  to?: Date;
}

/** `GET /users/me/login-attempts` */
export class OwnAttemptsQuery extends TimelineQuery {
  @Optional()
  @IsQueryBoolean()
  success?: boolean;
}

/** `GET /audit/events` */
export class EventsQuery extends TimelineQuery {
  @Optional()
  @IsOneOf(SECURITY_ACTIONS)
  action?: SecurityAction;

  @Optional()
  @IsId()
  actorId?: string;

  @Optional()
  @IsId()
  targetId?: string;
}
