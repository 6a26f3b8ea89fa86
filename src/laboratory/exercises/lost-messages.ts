import type { HostChanged, MessageDropped, MessageReceived, MessageSent } from '../recording.js';
import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import type { ObservedRun } from './observed-run.js';

interface Facts {
  readonly loss: HostChanged;
  readonly drop: MessageDropped;
  readonly request: MessageSent;
  readonly repaired: MessageReceived;
}

const WRITES = 5;
/** Smallest share of lost messages that is worth calling so. */
const SHARE_MIN = 0.1;
/** What carries a write when it is made. */
const BATCHES: readonly string[] = ['batch', 'lote'];
/** What a server sends that lacks something, and what it gets for it. */
const REQUESTS: readonly string[] = [
  'vectorRequest',
  'logRequest',
  'stateRequest',
  'pedeVetor',
  'pedeLotes',
  'pedeEstado',
];
const REPLIES: readonly string[] = ['logReply', 'stateReply', 'lotes', 'estado'];

const step = stepsOver<Facts>();

const STEPS = [
  step({
    id: 'perde',
    text: { pt: 'Um servidor passa a perder mensagens', en: 'A server begins to lose messages' },
    hint: {
      pt: 'Faça um servidor perder uma parte das mensagens, por exemplo metade (500 por mil).',
      en: 'Have a server lose a share of the messages, for example half of them (500 per mille).',
    },
    gives: 'loss',
    *find(run) {
      for (const loss of run.changed({ change: 'loss' })) {
        if ((loss.amount ?? 0) >= SHARE_MIN) yield { event: loss, facts: { loss } };
      }
    },
  }),
  step({
    id: 'grava',
    text: {
      pt: `Enquanto isso são confirmadas pelo menos ${WRITES} escritas`,
      en: `Meanwhile at least ${WRITES} writes are acknowledged`,
    },
    hint: {
      pt: `Escreva ${WRITES} valores ou mais, em qualquer servidor, enquanto ele perde mensagens.`,
      en: `Write ${WRITES} values or more, at any server, while it loses messages.`,
    },
    needs: ['loss'],
    *find(run, { loss }) {
      const end = endOf(run, loss);
      let count = 0;
      for (const write of run.writes({ after: loss, before: end })) {
        if (++count === WRITES) {
          yield { event: write.answer };
          return;
        }
      }
    },
  }),
  step({
    id: 'some',
    text: { pt: 'Um lote de escritas se perde no caminho', en: 'A batch of writes is lost on its way' },
    hint: {
      pt: 'Nenhum lote se perdeu ainda: grave mais, ou aumente a parte que se perde.',
      en: 'No batch was lost yet: write more, or raise the share that is lost.',
    },
    gives: 'drop',
    needs: ['loss'],
    *find(run, { loss }) {
      const end = endOf(run, loss)?.n ?? Infinity;
      for (const drop of run.dropped) {
        if (drop.host !== loss.host || drop.n < loss.n || drop.n > end) continue;
        if (BATCHES.includes(run.messageOf(drop)?.type ?? '')) yield { event: drop, facts: { drop } };
      }
    },
  }),
  step({
    id: 'pede',
    text: {
      pt: 'Quem ficou sem ele percebe, e pede o que falta',
      en: 'Who lacks it notices, and asks for what is missing',
    },
    hint: {
      pt: 'Espere alguns segundos: as presenças contam o que cada um tem, e quem está atrás pede.',
      en: 'Wait some seconds: presences tell what each has, and who is behind asks.',
    },
    gives: 'request',
    needs: ['drop'],
    *find(run, { drop }) {
      const sender = run.messageOf(drop)?.host;
      for (const request of run.sentMessages(drop)) {
        // Dropped coming in, it lacks at the one who dropped it; going out, at the others.
        const isLacking = sender === drop.host ? request.host !== drop.host : request.host === drop.host;
        if (isLacking && REQUESTS.includes(request.type)) yield { event: request, facts: { request } };
      }
    },
  }),
  step({
    id: 'recebe',
    text: {
      pt: 'E recebe de um colega as escritas que faltavam',
      en: 'And gets the missing writes from a peer',
    },
    hint: {
      pt: 'Espere mais: se tudo se perde, o pedido e a resposta também. Diminua a perda ou acabe com ela.',
      en: 'Wait longer: if everything is lost, so are request and answer. Lower the loss, or end it.',
    },
    gives: 'repaired',
    needs: ['request'],
    *find(run, { request }) {
      for (const repaired of run.received) {
        if (repaired.n < request.n || repaired.host !== request.host) continue;
        if ((repaired.applied ?? 0) === 0 || !REPLIES.includes(run.messageOf(repaired)?.type ?? '')) continue;
        yield { event: repaired, facts: { repaired } };
      }
    },
  }),
  step({
    id: 'iguais',
    text: { pt: 'Todos os servidores guardam o mesmo', en: 'All servers hold the same' },
    hint: {
      pt: 'Acabe com a perda (0) e espere: os hashes dos servidores ficam iguais.',
      en: "End the loss (0) and wait: the servers' hashes become equal.",
    },
    needs: ['repaired'],
    *find(run, { repaired }) {
      const agreed = run.agreementAfter(repaired);
      if (agreed !== undefined) yield { event: agreed };
    },
  }),
];

/** Of the fleet: nobody trusts the network to deliver. */
export const lostMessages: Exercise = {
  name: 'mensagens-perdidas',
  title: { pt: 'Mensagens que se perdem', en: 'Messages that get lost' },
  engines: ['frota'],
  plan: () => ({ steps: STEPS, warn: warnings }),
};

/** When that server loses messages no more, whatever share it lost between; `undefined`: it goes on. */
function endOf(run: ObservedRun, loss: HostChanged): HostChanged | undefined {
  for (const change of run.changed({ change: ['loss', 'killed', 'ended'], host: loss.host, after: loss })) {
    if (change.change !== 'loss' || (change.amount ?? 0) < SHARE_MIN) return change;
  }
  return undefined;
}

function* warnings(_: ObservedRun, { loss }: Partial<Facts>): Generator<RunWarning> {
  if (loss === undefined || (loss.amount ?? 0) < 1) return;
  yield {
    event: loss,
    text: {
      pt: 'com perda total nada chega nem para consertar: é um servidor isolado; experimente também metade',
      en: 'with total loss nothing comes through to repair anything: the server is isolated; try a half as well',
    },
  };
}
