import { KvsError } from '../core/errors.js';
import type { Engine, Guard } from '../ports/engine.js';
import type { Disciplina, Enrolment, Portal, Registries } from '../ports/portal.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';
import { ConflictRetries } from './attempts.js';
import type { Change } from './changes.js';
import { checkPlaces, shown } from './checks.js';
import { ofAluno, ofDisciplina, ofProfessor } from './dependents.js';
import { Enrolments } from './enrolment.js';
import { seatsKey } from './layout.js';
import { PortalReading } from './reading.js';
import { Records } from './registry.js';
import { ALUNO, DISCIPLINA, PROFESSOR } from './records.js';

interface PortalOptions {
  readonly engine: Engine;
  /** Name of this server in the enrolments that it accepted. */
  readonly origin: string;
  readonly time: Time;
  readonly random: Random;
}

/** The enrolment portal on any engine (contract, section 4). All its state is in the store. */
export class PortalApplication implements Portal {
  readonly registries: Registries;
  readonly enrolment: Enrolment;
  readonly reading: PortalReading;
  /** Called for every change of a record made here. */
  onAccepted: (change: Change) => void = () => undefined;

  constructor(private readonly options: PortalOptions) {
    const { engine, origin, time, random } = options;
    const reading = (this.reading = new PortalReading(engine));
    const attempts = new ConflictRetries(time, random);
    const accepted = (change: Change): void => {
      this.onAccepted(change);
    };
    const common = { reading, attempts, accepted };
    this.registries = {
      alunos: new Records({ ...common, kind: ALUNO, dependents: ofAluno }),
      professores: new Records({ ...common, kind: PROFESSOR, dependents: ofProfessor }),
      disciplinas: new Records({
        ...common,
        kind: DISCIPLINA,
        dependents: ofDisciplina,
        check: ({ vagas }) => {
          checkPlaces(vagas);
        },
        guardsOfUpdate: (now, next) => guardsOfPlaces(reading, now, next),
      }),
    };
    this.enrolment = new Enrolments(reading, attempts, origin);
  }

  on(engine: Engine): Portal {
    const portal = new PortalApplication({ ...this.options, engine });
    portal.onAccepted = (change) => {
      this.onAccepted(change);
    };
    return portal;
  }
}

/**
 * A class never has more students than places, so its places cannot be reduced below its students.
 * @returns guards for a change of the number of places: nobody has taken one meanwhile
 * @throws KvsError CADASTRO_INVALIDO
 */
async function guardsOfPlaces(
  reading: PortalReading,
  now: Disciplina,
  next: Disciplina,
): Promise<readonly Guard[]> {
  const { sigla, vagas } = next;
  if (vagas >= now.vagas) return [];
  const key = seatsKey(sigla);
  const version = await reading.version(key);
  const taken = (await reading.seatsFor(next)).length;
  if (taken > vagas) {
    const students = taken === 1 ? 'há 1 aluno matriculado' : `há ${taken} alunos matriculados`;
    throw new KvsError(
      'CADASTRO_INVALIDO',
      `as vagas da disciplina ${shown(sigla)} não podem passar a ${vagas}: ${students}`,
    );
  }
  return [{ key, version }];
}
