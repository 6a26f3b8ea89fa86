import type { CDPSession, Page } from 'playwright-core';

/** Where the focus is, as those learn it who do not see the page. */
interface FocusedElement {
  readonly role: string;
  readonly name: string;
}

/** What a walk by Tab found. */
interface TabWalk {
  readonly stops: readonly FocusedElement[];
  /** Whatever is wrong, one line each. */
  readonly faults: readonly string[];
}

/** No page here has so many stops: more of them are a trap. */
const STOPS_MAX = 250;

/** Looks at the element with the focus; `undefined`: the focus has left the page. */
const LOOK = `(() => {
  const one = document.activeElement;
  if (one === document.body || one === null) return undefined;
  const walk = (window.walk ??= { seen: new Set(), last: undefined });
  const faults = [];
  const text = one.outerHTML.slice(0, 120);
  if (walk.seen.has(one)) faults.push('is reached twice: ' + text);
  if (walk.last?.isConnected && !(walk.last.compareDocumentPosition(one) & 4)) faults.push('comes before the stop before: ' + text);
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
  const isShown = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
  if (!isShown) faults.push('does not show that it has the focus: ' + text);
  const { width, height, top, left, bottom, right } = one.getBoundingClientRect();
  if (width < 2 || height < 2 || bottom <= 0 || right <= 0 || top >= innerHeight || left >= innerWidth)
    faults.push('is out of sight: ' + text);
  walk.seen.add(one);
  walk.last = one;
  return faults;
})()`;

/** What can be focused and was not. */
const MISSED = `[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
  .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility() && !window.walk.seen.has(one))
  .map((one) => 'is never reached: ' + one.outerHTML.slice(0, 120))`;

/** Goes through a whole page by Tab, from its first link on, and two steps back from its end. */
export async function walkByTab(page: Page): Promise<TabWalk> {
  const session = await page.context().newCDPSession(page);
  const stops: FocusedElement[] = [];
  const faults: string[] = [];
  await toTop(page);
  for (;;) {
    const found = await page.evaluate<string[] | undefined>(LOOK);
    if (found === undefined) break;
    const stop = await focused(session);
    if (stop.name === '') faults.push(`has no name: ${stop.role}`);
    stops.push(stop);
    faults.push(...found);
    if (stops.length > STOPS_MAX) return { stops, faults: [...faults, 'the walk has no end'] };
    await page.keyboard.press('Tab');
  }
  faults.push(...(await page.evaluate<string[]>(MISSED)));
  for (const expected of stops.slice(-2).reverse()) {
    await page.keyboard.press('Shift+Tab');
    const { name } = await focused(session);
    if (name !== expected.name) faults.push(`backwards comes ${name}, not ${expected.name}`);
  }
  await session.detach();
  return { stops, faults };
}

/** Presses Tab until an element of this role and name has the focus. @throws Error if none gets it */
export async function tabTo(page: Page, role: string, name: RegExp): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const passed: string[] = [];
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press('Tab');
    const one = await focused(session);
    if (one.role === role && name.test(one.name)) {
      await session.detach();
      return;
    }
    passed.push(`${one.role} ${one.name}`);
  }
  throw new Error(`Tab never comes to ${role} ${String(name)}: ${passed.join(', ')}`);
}

/** The focus on the first link, as on a page that was just opened; a walk begins anew. */
export async function toTop(page: Page): Promise<void> {
  // After a key, and not after a click, a page shows where the focus is.
  await page.keyboard.press('Tab');
  await page.evaluate(`(() => { delete window.walk; document.querySelector('.skip').focus(); })()`);
}

/** By the tree that readers of the screen are given. */
async function focused(session: CDPSession): Promise<FocusedElement> {
  const { result } = await session.send('Runtime.evaluate', { expression: 'document.activeElement' });
  const objectId = result.objectId ?? '';
  const { nodes } = await session.send('Accessibility.getPartialAXTree', { objectId, fetchRelatives: false });
  await session.send('Runtime.releaseObject', { objectId });
  const [node] = nodes;
  const { value: role = '' } = (node?.role ?? {}) as { readonly value?: string };
  const { value: name = '' } = (node?.name ?? {}) as { readonly value?: string };
  return { role, name: name.trim() };
}
