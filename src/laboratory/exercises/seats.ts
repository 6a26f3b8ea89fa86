import type { HostChanged } from '../recording.js';
import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import { isJoined, latestLine, shows } from './observed-run.js';
import type { AnsweredCall, ObservedRun, Separation } from './observed-run.js';

interface Facts {
  readonly seats: AnsweredCall;
  readonly apart: Separation;
  readonly joined: HostChanged;
  /** Two clients that read the same free seat, each at a server of its own. */
  readonly one: AnsweredCall;
  readonly other: AnsweredCall;
  readonly taken: AnsweredCall;
  readonly takenToo: AnsweredCall;
  readonly won: AnsweredCall;
  readonly lost: AnsweredCall;
}

const step = stepsOver<Facts>();

const FREE = step({
  id: 'poe-a-vaga',
  text: { pt: 'A última vaga está gravada numa chave', en: 'The last seat is stored in a key' },
  hint: {
    pt: 'Escreva uma chave, como vaga com o valor livre.',
    en: 'Write a key, such as seat with the value free.',
  },
  gives: 'seats',
  *find(run) {
    for (const seats of run.writes()) yield { event: seats.answer, facts: { seats } };
  },
});

const LOOKS_HERE = step({
  id: 'um-olha',
  text: { pt: 'Um cliente vê a vaga livre', en: 'A client sees the free seat' },
  hint: {
    pt: 'Com um cliente (c1), leia a chave num servidor.',
    en: 'With one client (c1), read the key at a server.',
  },
  gives: 'one',
  needs: ['seats'],
  *find(run, { seats, apart }) {
    for (const one of run.reads({ key: seats.made.key, after: seats.answer, before: apart?.to })) {
      if (shows(one, seats)) yield { event: one.answer, facts: { one } };
    }
  },
});

const LOOKS_THERE = step({
  id: 'outro-olha',
  text: {
    pt: 'Outro cliente, em outro servidor, vê a mesma vaga',
    en: 'Another client, at another server, sees the same seat',
  },
  hint: {
    pt: 'Troque de cliente (c2) e leia a chave em outro servidor, antes que alguém a mude.',
    en: 'Change the client (c2) and read the key at another server, before anybody changes it.',
  },
  gives: 'other',
  needs: ['seats', 'one'],
  *find(run, { seats, one, apart }) {
    const who = { notServer: one.server, notClient: one.made.client };
    const when = { after: seats.answer, before: apart?.to };
    for (const other of run.reads({ key: seats.made.key, ...who, ...when })) {
      if (!shows(other, seats)) continue;
      if (apart !== undefined && !isAcross(apart, one, other)) continue;
      yield { event: other.answer, facts: { other } };
    }
  },
});

const ON_FLEET = [
  FREE,
  step({
    id: 'nao-compara',
    text: {
      pt: 'Comparar-e-gravar é recusado: a frota não promete isso',
      en: 'Compare-and-set is refused: the fleet does not promise it',
    },
    hint: {
      pt: 'Tente comparar: a versão que você leu e o seu nome. A frota responde NAO_SUPORTADO.',
      en: 'Try to compare: the version that you read, and your name. The fleet answers NAO_SUPORTADO.',
    },
    *find(run) {
      for (const tried of run.answered({ operation: 'compare', code: 'NAO_SUPORTADO' }))
        yield { event: tried.answer };
    },
  }),
  step({
    id: 'separa',
    text: { pt: 'Um servidor fica separado dos outros', en: 'A server is cut off from the others' },
    hint: { pt: 'Isole um servidor.', en: 'Isolate a server.' },
    gives: 'apart',
    needs: ['seats'],
    *find(run, { seats }) {
      for (const apart of run.separations()) {
        if (apart.to === undefined || apart.to.n > seats.answer.n)
          yield { event: apart.from, facts: { apart } };
      }
    },
  }),
  LOOKS_HERE,
  LOOKS_THERE,
  step({
    id: 'um-ocupa',
    text: { pt: 'O primeiro ocupa a vaga, e ouve OK', en: 'The first takes the seat, and is told OK' },
    hint: {
      pt: 'Com o mesmo cliente, e no servidor em que ele olhou, escreva a chave com o nome dele.',
      en: 'With the same client, and at the server where it looked, write the key with its name.',
    },
    gives: 'taken',
    needs: ['apart', 'one'],
    *find(run, { apart, one }) {
      for (const taken of takes(run, one, apart)) yield { event: taken.answer, facts: { taken } };
    },
  }),
  step({
    id: 'outro-ocupa',
    text: {
      pt: 'O segundo ocupa a mesma vaga, e também ouve OK',
      en: 'The second takes the same seat, and is told OK as well',
    },
    hint: {
      pt: 'Com o outro cliente, no servidor em que ele olhou, escreva a chave com o outro nome, antes de ligar.',
      en: 'With the other client, at the server where it looked, write the key with the other name, before connecting.',
    },
    gives: 'takenToo',
    needs: ['apart', 'other', 'taken'],
    *find(run, { apart, other, taken }) {
      for (const takenToo of takes(run, other, apart)) {
        if (takenToo.made.value !== taken.made.value) yield { event: takenToo.answer, facts: { takenToo } };
      }
    },
  }),
  step({
    id: 'junta',
    text: { pt: 'Os lados voltam a se ouvir', en: 'The sides hear each other again' },
    hint: { pt: 'Ligue o servidor de volta.', en: 'Connect the server again.' },
    gives: 'joined',
    needs: ['apart'],
    *find(_, { apart }) {
      if (isJoined(apart)) yield { event: apart.to, facts: { joined: apart.to } };
    },
  }),
  step({
    id: 'um-so-ficou',
    text: {
      pt: 'Um dos dois, que ouviu OK, vê no seu próprio servidor o nome do outro',
      en: "One of the two, who was told OK, sees the other's name at its own server",
    },
    hint: {
      pt: 'Depois de ligar, espere os hashes ficarem iguais e leia a chave nos servidores dos dois.',
      en: "After connecting, wait until the hashes are equal and read the key at both clients' servers.",
    },
    needs: ['taken', 'takenToo', 'joined'],
    *find(run, { taken, takenToo, joined }) {
      const key = taken.made.key;
      for (const read of run.reads({ key, server: taken.server, after: joined })) {
        if (shows(read, takenToo)) yield { event: read.answer };
      }
      for (const read of run.reads({ key, server: takenToo.server, after: joined })) {
        if (shows(read, taken)) yield { event: read.answer };
      }
    },
  }),
];

const WITH_ONE_ORDER = [
  FREE,
  LOOKS_HERE,
  LOOKS_THERE,
  step({
    id: 'um-ganha',
    text: {
      pt: 'Um deles compara com a versão que viu, e ocupa a vaga',
      en: 'One of them compares with the version seen, and takes the seat',
    },
    hint: {
      pt: 'Com um dos clientes, compare a chave: a versão que ele leu, e o seu nome.',
      en: 'With one of the clients, compare the key: the version that it read, and its name.',
    },
    gives: 'won',
    needs: ['one', 'other'],
    *find(run, { one, other }) {
      for (const look of [one, other]) {
        for (const won of comparisons(run, look, 'OK')) yield { event: won.answer, facts: { won } };
      }
    },
  }),
  step({
    id: 'outro-perde',
    text: {
      pt: 'O outro compara com a mesma versão, e é recusado',
      en: 'The other compares with the same version, and is refused',
    },
    hint: {
      pt: 'Com o outro cliente, compare com a versão que ele tinha lido: VERSAO_OUTRA.',
      en: 'With the other client, compare with the version that it had read: VERSAO_OUTRA.',
    },
    gives: 'lost',
    needs: ['one', 'other', 'won'],
    *find(run, { one, other, won }) {
      for (const look of [one, other]) {
        if (look.made.client === won.made.client) continue;
        for (const lost of comparisons(run, look, 'VERSAO_OUTRA')) {
          yield { event: lost.answer, facts: { lost } };
        }
      }
    },
  }),
  step({
    id: 'quem-perdeu-olha',
    text: {
      pt: 'Quem foi recusado olha de novo, e vê quem ocupou',
      en: 'The one refused looks again, and sees who took it',
    },
    hint: {
      pt: 'Com o cliente que foi recusado, leia a chave outra vez.',
      en: 'With the client that was refused, read the key again.',
    },
    needs: ['won', 'lost'],
    *find(run, { won, lost }) {
      for (const read of run.reads({ key: lost.made.key, client: lost.made.client, after: lost.answer })) {
        if (shows(read, won)) yield { event: read.answer };
      }
    },
  }),
];

/** Of every engine, one recording each: two clients take the last seat. */
export const seats: Exercise = {
  name: 'vagas',
  title: { pt: 'A última vaga, em cada motor', en: 'The last seat, on each engine' },
  engines: ['frota', 'consenso', 'lider'],
  plan: (engine) => ({ steps: engine === 'frota' ? ON_FLEET : WITH_ONE_ORDER, warn: warnings }),
};

/** Whether two calls were on different sides. */
function isAcross({ server }: Separation, one: AnsweredCall, other: AnsweredCall): boolean {
  return (one.server === server) !== (other.server === server);
}

/** Writes of who looked, before the cut or after it, at the same server, while it was cut off from the other. */
function* takes(run: ObservedRun, look: AnsweredCall, apart: Separation): Generator<AnsweredCall> {
  const { key, client } = look.made;
  const after = look.answer.n > apart.from.n ? look.answer : apart.from;
  yield* run.writes({ key, client, server: look.server, after, before: apart.to });
}

/** Comparisons of who looked with the version that it saw. */
function* comparisons(run: ObservedRun, look: AnsweredCall, code: string): Generator<AnsweredCall> {
  const { key, client } = look.made;
  const seen = latestLine(look)?.version;
  for (const call of run.answered({ operation: 'compare', key, client, code, after: look.answer })) {
    if (call.made.version === seen) yield call;
  }
}

function* warnings(run: ObservedRun, { seats: free }: Partial<Facts>): Generator<RunWarning> {
  if (free === undefined || run.engine === 'frota') return;
  for (const write of run.writes({ operation: 'insert', key: free.made.key, after: free.answer })) {
    yield {
      event: write.answer,
      text: {
        pt: 'essa escrita não comparou nada: assim se tira a vaga de quem a tem',
        en: 'that write compared nothing: this is how a seat is taken from who has it',
      },
    };
  }
}
