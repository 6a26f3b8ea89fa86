import type { CaosHistory } from '../history.js';
import type { Finding } from './requests.js';

/** Codes that no fault of the surroundings explains. */
const BUGS = new Set([
  'INTERNO',
  'INTERNAL',
  'UNKNOWN',
  'DATA_LOSS',
  'UNIMPLEMENTED',
  'INVALID_ARGUMENT',
  'NAO_SUPORTADO',
  'PEDIDO_INVALIDO',
  'PEDIDO_REPETIDO',
]);
const SHOWN_ROWS = 5;

/** Once all is well all servers hold the same, and say so. */
export function disagreements({ run, finals }: CaosHistory): readonly Finding[] {
  const findings: Finding[] = [];
  const rule = 'servidores diferentes no fim';
  if (finals.length !== run.servers) {
    findings.push({
      rule,
      text: `${String(finals.length)} de ${String(run.servers)} servidores disseram o que têm`,
    });
  }
  const [first, ...others] = finals;
  if (first === undefined) return findings;
  const expected = new Set(first.rows.map((row) => JSON.stringify(row)));
  for (const { server, rows } of others) {
    const held = new Set(rows.map((row) => JSON.stringify(row)));
    const missing = [...expected].filter((row) => !held.has(row));
    const more = [...held].filter((row) => !expected.has(row));
    if (missing.length === 0 && more.length === 0) continue;
    const shown = [...missing.map((row) => `-${row}`), ...more.map((row) => `+${row}`)].slice(0, SHOWN_ROWS);
    const text = `${server} e ${first.server}: ${String(missing.length)} faltam, ${String(more.length)} a mais: ${shown.join(' ')}`;
    findings.push({ rule, text });
  }
  for (const { server, agrees } of finals) {
    if (!agrees) findings.push({ rule, text: `${server} não se diz de acordo com os outros` });
  }
  return findings;
}

/** Once all is well every server says that it serves, and every session is served everywhere. */
export function unwell({ finals, calls }: CaosHistory): readonly Finding[] {
  const health = finals.flatMap(({ server, health: told }) => {
    return Object.entries(told)
      .filter(([, state]) => state !== 'SERVING')
      .map(([name, state]): Finding => {
        return { rule: 'saúde no fim', text: `${server}: ${name === '' ? 'o servidor' : name} diz ${state}` };
      });
  });
  const refused = calls
    .filter(({ last, outcome }) => last === true && outcome !== 'ok')
    .map(({ process, session, server, code }): Finding => {
      const text = `a sessão ${String(session)} de ${process} não é atendida em ${server}: ${String(code)}`;
      return { rule: 'sessão perdida', text };
    });
  return [...health, ...refused];
}

/** Whatever happens around it, a server does not end by itself, raise an alarm, or answer with an error of its own. */
export function bugs({ calls, ends, alarms }: CaosHistory): readonly Finding[] {
  const rule = 'falha do próprio servidor';
  const codes = calls
    .filter(({ code }) => code !== undefined && BUGS.has(code))
    .map(({ process, server, op, key, code }) => `${process} em ${server}, ${op} de ${key}: ${String(code)}`);
  const deaths = ends
    .filter(({ by }) => by === 'itself')
    .map(({ server, life, said }) => `${server} terminou sozinho na vida ${String(life)}: ${said ?? ''}`);
  const said = alarms.map(({ server, text }) => `${server}: ${text}`);
  return [...new Set(codes), ...deaths, ...said].map((text) => ({ rule, text }));
}
