/** What the browser of a login brought along, beside the proofs. */
export interface LoginBrowser {
  /** Cookie of a remembered device, if it has one. */
  readonly rememberedDeviceToken: string | null;
  /** Its id, if the owner of the canonical address has signed in with it before; else null. */
  knownDeviceId(email: string): string | null;
}
