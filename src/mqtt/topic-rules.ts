import { permits } from '../ports/access.js';
import type { Identity } from '../ports/access.js';

/** The part of an identity that topics depend on. */
export type TopicIdentity = Pick<Identity, 'role' | 'prefixes'>;

/** Filters for where an identity may publish and subscribe. */
interface TopicGrants {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const PORTAL = 'portal/#';
/**
 * Where requests to the portal are published: `portal/admin/<base>/<operation>`. Not
 * `portal/admin/matricula/excedente`, where servers report enrolments that they have undone.
 */
const PORTAL_REQUESTS = ['aluno', 'professor', 'disciplina'].map((base) => `portal/admin/${base}/+`);
const PORTAL_KEYS = 'portal/';

/**
 * What a role may do with the topics of one fleet, and nothing else: no `$SYS`, no other fleet.
 * `deploy/mosquitto/mosquitto-acl.conf` says the same to Mosquitto, and a test compares them.
 */
export function topicGrants(identity: TopicIdentity, fleet: string): TopicGrants {
  const everything = [`kvs/${fleet}/#`, PORTAL];
  switch (identity.role) {
    case 'servidor':
      return { publish: everything, subscribe: everything };
    case 'administracao':
      return { publish: PORTAL_REQUESTS, subscribe: everything };
    case 'escrita':
    case 'leitura': {
      // `permits` needs more of an identity than topics do.
      const named: Identity = { name: '', valid: true, role: identity.role, prefixes: identity.prefixes };
      return {
        publish: permits(named, 'write', PORTAL_KEYS) ? PORTAL_REQUESTS : [],
        subscribe: permits(named, 'read', PORTAL_KEYS) ? [PORTAL] : [],
      };
    }
  }
}

/** Whether an identity may publish on a topic of a fleet, also as a last will. */
export function mayPublish(identity: TopicIdentity, fleet: string, topic: string): boolean {
  if (/[+#]/.test(topic)) return false;
  return topicGrants(identity, fleet).publish.some((granted) => covers(granted, topic));
}

/** Whether an identity may subscribe to a filter: to all that it matches. */
export function maySubscribe(identity: TopicIdentity, fleet: string, filter: string): boolean {
  return topicGrants(identity, fleet).subscribe.some((granted) => covers(granted, filter));
}

/** Whether every topic that `filter` matches is matched by `granted` too. A topic is a filter that matches itself. */
function covers(granted: string, filter: string): boolean {
  const asked = filter.split('/');
  for (const [index, level] of granted.split('/').entries()) {
    // `a/#` matches `a` too.
    if (level === '#') return asked.length >= index;
    const wanted = asked[index];
    if (wanted === undefined || wanted === '#') return false;
    if (level !== '+' && level !== wanted) return false;
  }
  return asked.length === granted.split('/').length;
}
