import ipaddr from 'ipaddr.js';

/** Whether the text is an address or a CIDR, written in full: `1` is no address, though some read it as 0.0.0.1. */
export function isAddressRange(text: string): boolean {
  const { IPv4, IPv6 } = ipaddr;
  // A zone such as %eth0 means something on one machine only.
  if (text.includes('%')) return false;
  return (
    IPv4.isValidFourPartDecimal(text) ||
    IPv4.isValidCIDRFourPartDecimal(text) ||
    IPv6.isValid(text) ||
    IPv6.isValidCIDR(text)
  );
}

/** Whether `address` (canonical) lies in one of the ranges; no range at all means everywhere. */
export function isAllowedAddress(address: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true;
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((range) => {
    if (!range.includes('/')) return ipaddr.process(range).toString() === parsed.toString();
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}
