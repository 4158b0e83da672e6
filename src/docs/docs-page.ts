import type { OpenApiDocument, OpenApiOperation } from './openapi.js';

/** The looks of the page; a file of its own, since nothing inline is allowed. */
export const DOCS_STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
summary{cursor:pointer;padding:.35rem 0}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{overflow:auto;padding:.75rem;border:1px solid #8886;border-radius:.4rem}
.method{display:inline-block;min-width:4.5rem;font-weight:700}
h2{border-bottom:1px solid #8886;margin-top:2.5rem}
details{border-bottom:1px solid #8883}`;

/** The document as a page that needs no script. @param base where the page itself is, for example `/docs`. */
export function renderDocs(document: OpenApiDocument, base: string): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0]!))];
  const sections = tags.map((tag) => {
    const those = operations.filter(({ operation }) => operation.tags[0] === tag);
    return `<h2>${escape(tag)}</h2>${those.map(renderOperation).join('')}`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Benteng API</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="stylesheet" href="${escape(base)}/style.css"></head>
<body><h1>Benteng API</h1><p>The same for machines: <a href="${escape(base)}/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${sections.join('\n')}</body></html>`;
}

function renderOperation({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: OpenApiOperation;
}): string {
  const answers = Object.entries(operation.responses).map(
    ([status, answer]) => `<li><code>${status}</code> ${escape(String(answer['description']))}</li>`,
  );
  const body =
    operation.requestBody === undefined
      ? ''
      : `<p>Body</p><pre>${escape(JSON.stringify(operation.requestBody['content'], null, 2))}</pre>`;
  return `<details><summary><span class="method">${method}</span> <code>${escape(path)}</code> ${escape(operation.summary)}</summary>
<p>${escape(operation.description)}</p>${body}<p>Answers</p><ul>${answers.join('')}</ul></details>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
