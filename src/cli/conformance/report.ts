import type { Colors } from 'picocolors/types.js';
import type { ContractName } from '../../config/conformance-options.js';
import { cutTo } from '../rendering/fit.js';
import { safeJson, visible } from '../rendering/visible.js';
import { wrapWords } from '../wrap.js';
import type { CaseStep, Verdict } from './case.js';

/** Width of the titles of what one case has shown. */
const TITLE_COLUMNS = 'causa provável'.length;
/** Width where no terminal says how wide it is. */
const USUAL_COLUMNS = 100;
/** Least width of the table's last column. */
const RULE_COLUMNS_MIN = 20;

/** One JSON object for each case. */
export function verdictJson(contract: ContractName, verdict: Verdict): string {
  const { id, rule, outcome, ms, steps, expected, came, cause } = verdict;
  return safeJson({
    ...{ contrato: contract, caso: id, resultado: outcome, regra: rule, ms },
    ...(expected !== undefined && { esperado: expected, veio: came }),
    ...(cause !== undefined && { [outcome === 'pulado' ? 'motivo' : 'causa']: cause }),
    passos: steps.map(({ server, sent, came: answer }) => ({
      servidor: server,
      enviado: sent,
      veio: answer,
    })),
  });
}

/** All cases as a table, one line each. */
export function verdictTable(verdicts: readonly Verdict[], colors: Colors, columns = USUAL_COLUMNS): string {
  const idWidth = Math.max(...verdicts.map(({ id }) => id.length), 'caso'.length);
  const outcomeWidth = OUTCOME_TEXTS.pulado.length;
  const ruleWidth = Math.max(RULE_COLUMNS_MIN, columns - idWidth - outcomeWidth - 4);
  const head = [`${'caso'.padEnd(idWidth)}  ${'resultado'.padEnd(outcomeWidth)}  o contrato diz`];
  const rows = verdicts.map(({ id, outcome, rule }) => {
    const blanks = ' '.repeat(outcomeWidth - OUTCOME_TEXTS[outcome].length);
    return `${id.padEnd(idWidth)}  ${painted(outcome, colors)}${blanks}  ${cutTo(rule, ruleWidth)}`;
  });
  return [...head.map(colors.bold), ...rows].join('\n');
}

/** What one case that did not pass has shown, for people. */
export function verdictText(verdict: Verdict, colors: Colors, columns = USUAL_COLUMNS): string {
  const { id, rule, outcome, steps, expected = '', came = '', cause = '' } = verdict;
  const row = (title: string, text: string): string =>
    wrapWords(`  ${title.padEnd(TITLE_COLUMNS)}  ${text}`, columns);
  return [
    `${painted(outcome, colors)}: ${colors.bold(id)}`,
    row('contrato', rule),
    ...steps.map((step, index) =>
      row(index === 0 ? 'passos' : '', `${index + 1}. ${visible(stepText(step))}`),
    ),
    row('esperado', visible(expected)),
    row('veio', visible(came)),
    row('causa provável', cause),
  ].join('\n');
}

/** How many cases ended how. */
export function outcomeCounts(verdicts: readonly Verdict[]): Readonly<Record<Verdict['outcome'], number>> {
  const counts = { passou: 0, falhou: 0, aviso: 0, pulado: 0 };
  for (const { outcome } of verdicts) counts[outcome]++;
  return counts;
}

/** `31 passaram, 2 falharam`, and why others were not tried. */
export function countsText(verdicts: readonly Verdict[]): string {
  const { passou, falhou, aviso, pulado } = outcomeCounts(verdicts);
  const reasons = new Set(
    verdicts.flatMap(({ outcome, cause }) => (outcome === 'pulado' ? [cause ?? ''] : [])),
  );
  return [
    `${passou} ${passou === 1 ? 'passou' : 'passaram'}`,
    `${falhou} ${falhou === 1 ? 'falhou' : 'falharam'}`,
    ...(aviso === 0 ? [] : [`${aviso} ${aviso === 1 ? 'aviso' : 'avisos'}`]),
    ...(pulado === 0
      ? []
      : [`${pulado} não ${pulado === 1 ? 'verificado' : 'verificados'} (${[...reasons].join('; ')})`]),
  ].join(', ');
}

function stepText({ server, sent, came }: CaseStep): string {
  return `${server === undefined ? '' : `em ${server}: `}${sent} → ${came}`;
}

const OUTCOME_TEXTS: Readonly<Record<Verdict['outcome'], string>> = {
  passou: 'passou',
  falhou: 'falhou',
  aviso: 'aviso',
  pulado: 'não verificado',
};

function painted(outcome: Verdict['outcome'], colors: Colors): string {
  const paint = { passou: colors.green, falhou: colors.red, aviso: colors.yellow, pulado: colors.dim };
  return paint[outcome](OUTCOME_TEXTS[outcome]);
}
