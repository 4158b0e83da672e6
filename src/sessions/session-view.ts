import type { Session } from '../platform/database/generated/client.js';

/** A session as its owner sees it (contract §4). */
export interface SessionView {
  id: string;
  current: boolean;
  deviceName: string;
  ipAddress: string;
  userAgent: string | null;
  createdAt: Date;
  lastActiveAt: Date;
  expiresAt: Date;
}

/** @param currentId the session of the request itself. */
export function toSessionView(session: Session, currentId: string): SessionView {
  return {
    id: session.id,
    current: session.id === currentId,
    deviceName: session.deviceName,
    ipAddress: session.ipAddress,
    userAgent: session.userAgent,
    createdAt: session.createdAt,
    lastActiveAt: session.lastActiveAt,
    expiresAt: session.expiresAt,
  };
}
