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

/** The question whether a canonical address lies in one of the ranges, each of which is read once. */
export function inRanges(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map((range): [ipaddr.IPv4 | ipaddr.IPv6, number] => {
    if (range.includes('/')) return ipaddr.parseCIDR(range);
    const address = ipaddr.process(range);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  });
  return (text) => {
    if (parsed.length === 0 || !ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return parsed.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  };
}

/** Whether `address` (canonical) lies in one of the ranges; no range at all means everywhere. */
export function isAllowedAddress(address: string, ranges: readonly string[]): boolean {
  return ranges.length === 0 || inRanges(ranges)(address);
}
