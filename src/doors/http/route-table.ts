import { decodedText } from './text.js';
import type { Route } from './routes.js';

/** A route, with the key that its path names. */
export interface FoundRoute {
  readonly route: Route;
  /** `undefined` if the path names none, or one that is malformed. */
  readonly key: string | undefined;
}

const KEY_PLACE = '{chave}';

/** Finds routes by paths. */
export class RouteTable {
  private readonly exact = new Map<string, Route>();
  /** By what their paths begin with, as received: all that follows is the key. */
  private readonly withKey: (readonly [start: string, route: Route])[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (route.path.endsWith(KEY_PLACE)) this.withKey.push([route.path.slice(0, -KEY_PLACE.length), route]);
      else this.exact.set(route.path, route);
    }
  }

  /** @param path as received, without its query */
  find(path: string): FoundRoute | undefined {
    const route = this.exact.get(path);
    if (route !== undefined) return { route, key: '' };
    for (const [start, withKey] of this.withKey) {
      if (path.length > start.length && path.startsWith(start)) {
        return { route: withKey, key: decodedText(path.slice(start.length)) };
      }
    }
    return undefined;
  }
}
