/** A heading of a Markdown page. */
export interface Heading {
  readonly level: number;
  readonly text: string;
}

/** The headings of a page, in order; none from its code blocks. */
export function headings(page: string): Heading[] {
  return prose(page).flatMap((line): Heading[] => {
    const found = /^(#{1,6}) +(.*?) *$/.exec(line);
    return found === null ? [] : [{ level: found[1]!.length, text: found[2]! }];
  });
}

/** The anchors that GitHub makes of a page's headings, without `#`. */
export function anchors(page: string): Set<string> {
  const found = new Set<string>();
  for (const { text } of headings(page)) {
    const plain = text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const base = plain.replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-');
    let anchor = base;
    for (let again = 1; found.has(anchor); again++) anchor = `${base}-${again}`;
    found.add(anchor);
  }
  return found;
}

/** Where a page links to within the repository: a path, an anchor, or both (`SECURITY.md#pages-in-a-browser`). */
export function relativeLinks(page: string): string[] {
  const text = prose(page)
    .join('\n')
    .replace(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^()\s]+)\)/g)]
    .map((found) => found[1]!)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));
}

/**
 * Files and folders that a page names as code and that are there: `src/core/store.ts`, `src/engines`. Placeholders (`<name>`) are
 * none, and neither is what an example makes, which says `(new)` or `(novo)` after it.
 */
export function namedFiles(page: string): string[] {
  return [
    ...page.matchAll(/`((?:src|tests|bench|proto|deploy|docs)\/[\w./-]+)(?::\d+)?`(?! \((?:new|novo)\))/g),
  ].map((found) => found[1]!);
}

/**
 * The lines of the indented code blocks of a page, as a reader of either language types and sees them: comments, which are
 * in the language of the page, are cut off.
 */
export function codeLines(page: string): string[] {
  return page
    .split('\n')
    .filter((line) => /^ {4}\S/.test(line) || /^ {8}/.test(line))
    .map((line) => line.replace(/ {2,}(?:#.*|\([^()]*\))$/, '').trim());
}

/** The lines of a page that are in no code block. */
function prose(page: string): string[] {
  let fenced = false;
  return page.split('\n').filter((line) => {
    if (line.startsWith('```')) fenced = !fenced;
    return !fenced && !line.startsWith('```') && !line.startsWith('    ');
  });
}
