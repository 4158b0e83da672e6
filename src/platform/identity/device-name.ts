import Bowser from 'bowser';

/**
 * A name people recognise in a list, for example `Chrome on Windows`. For display only: user agents lie.
 * @param userAgent at most 512 characters.
 */
export function deviceNameOf(userAgent: string | null): string {
  if (userAgent === null) return 'Unknown device';
  const { browser, os, platform } = Bowser.parse(userAgent);
  const system = [platform.vendor === 'Apple' ? platform.model : undefined, os.name].find(Boolean);
  if (browser.name && system) return `${browser.name} on ${system}`.slice(0, 100);
  // Programs name themselves first: curl/8.5.0, okhttp/4.12.0 … No dot: a mail program would make a link of it.
  const product = browser.name || /^[A-Za-z][\w-]{0,39}/.exec(userAgent)?.[0];
  return (product ?? system ?? 'Unknown device').slice(0, 100);
}
