import { IsOneOf, IsQueryBoolean, Optional } from '../../platform/validation/fields.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import { ALERT_KIND_NAMES, type AlertKind } from '../alert-rules.js';

/** `GET /audit/alerts` */
export class AlertsQuery extends PageQuery {
  @Optional()
  @IsOneOf(ALERT_KIND_NAMES)
  kind?: AlertKind;

  @Optional()
  @IsQueryBoolean()
  acknowledged?: boolean;
}
