export const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** One part of a form. */
export interface Part {
  field?: string;
  name?: string;
  type?: string;
  content: Buffer | string;
}

export const BOUNDARY = 'benteng-test-boundary';
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** A form as a browser sends it. */
export function form(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ field = 'file', name, type = XLSX, content }) => [
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"` +
        (name === undefined ? '' : `; filename="${name}"\r\nContent-Type: ${type}`) +
        '\r\n\r\n',
    ),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}
