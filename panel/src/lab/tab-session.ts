import type { KeptSession } from './lab-model.js';

/** Browsers keep this for one tab, across reloads of its page, until the tab is closed. */
const KEY = 'kvs.laboratory';

/** The session of this tab. */
export const tabSession: KeptSession = {
  get() {
    try {
      return sessionStorage.getItem(KEY) ?? undefined;
    } catch {
      // Browsers may forbid it: the session then lasts as long as the page.
      return undefined;
    }
  },
  set(session) {
    try {
      if (session === undefined) sessionStorage.removeItem(KEY);
      else sessionStorage.setItem(KEY, session);
    } catch {
      // As above.
    }
  },
};
