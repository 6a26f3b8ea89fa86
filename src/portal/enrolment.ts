import { KvsError } from '../core/errors.js';
import { portalLimits } from './limits.js';
import type { Commit, Stream } from '../ports/engine.js';
import type { Disciplina, Enrolment, RelatorioDisciplina, ResumoDisciplina } from '../ports/portal.js';
import { CONFLICT } from './attempts.js';
import type { ConflictRetries } from './attempts.js';
import { missing, shown } from './checks.js';
import { classesOfAluno, classesOfProfessor, enrolmentKey, seatsKey, teacherKey } from './layout.js';
import { each, withinPlaces } from './reading.js';
import type { Found, PortalReading } from './reading.js';
import { ALUNO, DISCIPLINA, encodeEnrolment, encodeTeacher, NOTHING, PROFESSOR } from './records.js';
import type { Kind } from './records.js';

/** The rules of who teaches and who attends what, and the reports. */
export class Enrolments implements Enrolment {
  constructor(
    private readonly reading: PortalReading,
    private readonly attempts: ConflictRetries,
    /** Name of this server in the enrolments that it accepted. */
    private readonly origin: string,
  ) {}

  addProfessor(sigla: string, siape: string): Promise<void> {
    return this.attempts.repeat(async () => {
      const disciplina = await this.existing(DISCIPLINA, sigla);
      const professor = await this.existing(PROFESSOR, siape);
      const teacher = await this.reading.teacher(sigla);
      if (teacher.record !== undefined) {
        const { siape: other, nome } = teacher.record;
        throw refused(`a disciplina ${shown(sigla)} já tem professor: ${shown(other)} (${nome})`);
      }
      return this.commit({
        guards: [
          { key: DISCIPLINA.prefix + sigla, version: disciplina.version },
          { key: PROFESSOR.prefix + siape, version: professor.version },
          { key: teacherKey(sigla), version: teacher.version },
        ],
        writes: [
          { kind: 'insert', key: teacherKey(sigla), value: encodeTeacher(siape) },
          { kind: 'insert', key: classesOfProfessor(siape) + sigla, value: NOTHING },
        ],
      });
    });
  }

  removeProfessor(sigla: string, siape: string): Promise<void> {
    return this.attempts.repeat(async () => {
      await this.existing(DISCIPLINA, sigla);
      await this.existing(PROFESSOR, siape);
      const teacher = await this.reading.teacher(sigla);
      if (teacher.record?.siape !== siape) {
        throw refused(`o professor ${shown(siape)} não é o da disciplina ${shown(sigla)}`);
      }
      return this.commit({
        guards: [{ key: teacherKey(sigla), version: teacher.version }],
        writes: [
          { kind: 'removeAll', key: teacherKey(sigla) },
          { kind: 'removeAll', key: classesOfProfessor(siape) + sigla },
        ],
      });
    });
  }

  async addAluno(sigla: string, matricula: string): Promise<void> {
    const taken = await this.attempts.repeat(async () => {
      const disciplina = await this.existing(DISCIPLINA, sigla);
      const aluno = await this.existing(ALUNO, matricula);
      const place = enrolmentKey(sigla, matricula);
      if ((await this.reading.version(place)) > 0) {
        throw refused(`o aluno ${shown(matricula)} já está na disciplina ${shown(sigla)}`);
      }
      // Read before the enrolments: an enrolment in between changes it, and the commit fails.
      const seats = await this.reading.version(seatsKey(sigla));
      await this.assertFree(disciplina.record);
      const done = await this.reading.engine.write({
        kind: 'commit',
        guards: [
          { key: DISCIPLINA.prefix + sigla, version: disciplina.version },
          { key: ALUNO.prefix + matricula, version: aluno.version },
          { key: place, version: 0 },
          { key: seatsKey(sigla), version: seats },
        ],
        writes: [
          { kind: 'insert', key: place, value: encodeEnrolment(this.origin) },
          { kind: 'insert', key: classesOfAluno(matricula) + sigla, value: NOTHING },
          { kind: 'insert', key: seatsKey(sigla), value: NOTHING },
        ],
      });
      return done ? seats + 1 : CONFLICT;
    });
    // Only the newest version of that key matters.
    if (taken % portalLimits.seatVersions === 0) {
      await this.reading.engine.write({ kind: 'trim', key: seatsKey(sigla) });
    }
  }

  removeAluno(sigla: string, matricula: string): Promise<void> {
    return this.attempts.repeat(async () => {
      await this.existing(DISCIPLINA, sigla);
      await this.existing(ALUNO, matricula);
      const place = enrolmentKey(sigla, matricula);
      const version = await this.reading.version(place);
      if (version === 0) throw refused(`o aluno ${shown(matricula)} não está na disciplina ${shown(sigla)}`);
      return this.commit({
        guards: [{ key: place, version }],
        writes: [
          { kind: 'removeAll', key: place },
          { kind: 'removeAll', key: classesOfAluno(matricula) + sigla },
        ],
      });
    });
  }

  async detail(sigla: string): Promise<RelatorioDisciplina | undefined> {
    const { record: disciplina } = await this.reading.find(DISCIPLINA, sigla);
    if (disciplina === undefined) return undefined;
    const { record: professor } = await this.reading.teacher(sigla);
    const seats = withinPlaces(await this.reading.seatsFor(disciplina), disciplina);
    const found = await each(seats, ({ matricula }) => this.reading.find(ALUNO, matricula));
    return { disciplina, professor, alunos: found.flatMap(({ record }) => record ?? []) };
  }

  async *ofProfessor(siape: string): Stream<RelatorioDisciplina> {
    if ((await this.reading.find(PROFESSOR, siape)).record === undefined) return;
    for (const { id: sigla } of await this.reading.list(classesOfProfessor(siape))) {
      const report = await this.detail(sigla);
      // Another server may have given the class to another professor at the same moment.
      if (report?.professor?.siape === siape) yield report;
    }
  }

  async *ofAluno(matricula: string): Stream<ResumoDisciplina> {
    if ((await this.reading.find(ALUNO, matricula)).record === undefined) return;
    for (const { id: sigla } of await this.reading.list(classesOfAluno(matricula))) {
      const { record: disciplina } = await this.reading.find(DISCIPLINA, sigla);
      if (disciplina === undefined) continue;
      const seats = withinPlaces(await this.reading.seatsFor(disciplina), disciplina);
      if (!seats.some((seat) => seat.matricula === matricula)) continue;
      const { record: professor } = await this.reading.teacher(sigla);
      yield { disciplina, professor, totalAlunos: seats.length };
    }
  }

  /** @throws KvsError DISCIPLINA_LOTADA, with the class and its capacity */
  private async assertFree({ sigla, vagas }: Disciplina): Promise<void> {
    if ((await this.reading.seats(sigla)).length < vagas) return;
    if (vagas > 0 && (await this.reading.seats(sigla, true)).length < vagas) return;
    const taken =
      vagas === 0
        ? 'não tem vagas'
        : `tem ${vagas} ${vagas === 1 ? 'vaga, ocupada' : 'vagas, todas ocupadas'}`;
    throw new KvsError('DISCIPLINA_LOTADA', `a disciplina ${shown(sigla)} está lotada: ${taken}`);
  }

  private async existing<T>(kind: Kind<T>, id: string): Promise<Found<T> & { readonly record: T }> {
    const { version, record } = await this.reading.find(kind, id);
    if (record === undefined) throw missing(kind, id);
    return { version, record };
  }

  private async commit(change: Pick<Commit, 'guards' | 'writes'>): Promise<undefined | typeof CONFLICT> {
    return (await this.reading.engine.write({ kind: 'commit', ...change })) ? undefined : CONFLICT;
  }
}

function refused(message: string): KvsError {
  return new KvsError('MATRICULA_RECUSADA', message);
}
