import { setImmediate as nextTurn } from 'node:timers/promises';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { rows, serveNaively, unary } from './naive-server.js';

/** A rule of the portal that a server breaks. */
export type PortalFlaw =
  | 'accepts-twice'
  | 'accepts-short'
  | 'edit-creates'
  | 'overbooks'
  | 'overbooks-in-a-race'
  | 'second-professor'
  | 'student-twice'
  | 'copies-names'
  | 'keeps-enrolments'
  | 'blank-professor'
  | 'unsorted'
  | 'silent-refusal'
  | 'says-no-places'
  | 'negative-places'
  | 'publishes-json'
  | 'publishes-again'
  | 'dies-of-bad-message'
  | 'ignores-topics';

type Base = 'aluno' | 'professor' | 'disciplina';
type Fields = Readonly<Record<string, string | number>>;
interface Pair {
  readonly disciplina: string;
  readonly idPessoa: string;
}
interface Course {
  professor: string | undefined;
  readonly alunos: Set<string>;
  /** As the names were at the enrolment. */
  readonly copies: Map<string, Fields>;
}

const ID: Readonly<Record<Base, string>> = { aluno: 'matricula', professor: 'siape', disciplina: 'sigla' };
const NAMES: Readonly<Record<Base, readonly [create: string, plural: string]>> = {
  aluno: ['NovoAluno', 'ObtemTodosAlunos'],
  professor: ['NovoProfessor', 'ObtemTodosProfessores'],
  disciplina: ['NovaDisciplina', 'ObtemTodasDisciplinas'],
};

const refusal = (msg: string): object => ({ status: 1, msg });
const DONE = { status: 0, msg: '' };

/** One server of both halves of the portal such as a student may write, on its own maps. It has one flaw at most. */
export class NaivePortal {
  port = 0;
  close: () => void = () => undefined;
  private readonly bases: Readonly<Record<Base, Map<string, Fields>>> = {
    aluno: new Map(),
    professor: new Map(),
    disciplina: new Map(),
  };
  private readonly courses = new Map<string, Course>();
  private broker: MqttClient | undefined;
  /** What this server has published and not yet heard. */
  private readonly echoes: string[] = [];

  private constructor(private readonly flaw: PortalFlaw | undefined) {}

  /** @param url of a broker, for the topics */
  static async start(flaw?: PortalFlaw, url?: string): Promise<NaivePortal> {
    const naive = new NaivePortal(flaw);
    const { port, close } = await serveNaively([
      ['portal.proto', 'project.PortalAdministrativo', naive.adminHandlers()],
      ['portal.proto', 'project.PortalMatricula', naive.enrolmentHandlers()],
    ]);
    if (url !== undefined) await naive.listen(url);
    naive.close = () => {
      naive.broker?.end(true);
      close();
    };
    return Object.assign(naive, { port });
  }

  /** How many records are left. */
  get size(): number {
    return Object.values(this.bases).reduce((sum, { size }) => sum + size, 0);
  }

  private has(flaw: PortalFlaw): boolean {
    return this.flaw === flaw;
  }

  private change(base: Base, action: string, fields: Fields, isHeard = false): object {
    const id = String(fields[ID[base]] ?? fields['id']);
    const known = this.bases[base];
    if (action === 'delete') {
      if (!known.delete(id)) return refusal('não existe');
      if (!this.has('keeps-enrolments')) this.forget(base, id);
    } else {
      const isNew = action === 'create';
      if (isNew && known.has(id) && !this.has('accepts-twice')) {
        return refusal(this.has('silent-refusal') ? '' : 'já existe');
      }
      if (!isNew && !known.has(id) && !this.has('edit-creates')) return refusal('não existe');
      const isShort = id.length < 4 || String(fields['nome']).length < 4;
      if (isShort && !this.has('accepts-short')) return refusal('curto demais');
      if (Number(fields['vagas'] ?? 0) < 0 && !this.has('negative-places')) return refusal('vagas negativas');
      known.set(id, fields);
      if (base === 'disciplina' && isNew && !this.has('keeps-enrolments')) this.courses.delete(id);
    }
    if (!isHeard || this.has('publishes-again'))
      this.publish(base, action, action === 'delete' ? { id } : fields);
    return DONE;
  }

  private forget(base: Base, id: string): void {
    if (base === 'disciplina') this.courses.delete(id);
    for (const course of this.courses.values()) {
      if (base === 'aluno') course.alunos.delete(id);
      if (base === 'professor' && course.professor === id) course.professor = undefined;
    }
  }

  private course(sigla: string): Course {
    const course = this.courses.get(sigla) ?? { professor: undefined, alunos: new Set(), copies: new Map() };
    this.courses.set(sigla, course);
    return course;
  }

  private async enrol({ disciplina, idPessoa }: Pair): Promise<object> {
    const found = this.bases.disciplina.get(disciplina);
    if (found === undefined || !this.bases.aluno.has(idPessoa)) return refusal('não existe');
    const { alunos, copies } = this.course(disciplina);
    if (alunos.has(idPessoa) && !this.has('student-twice')) return refusal('já está na disciplina');
    const vagas = Number(found['vagas']);
    const isFull = alunos.size >= vagas;
    if (this.has('overbooks-in-a-race')) await nextTurn();
    if (isFull && !this.has('overbooks')) {
      return refusal(
        this.has('says-no-places') ? 'não há vagas' : `a disciplina ${disciplina} tem só ${vagas} vagas`,
      );
    }
    alunos.add(idPessoa);
    copies.set(idPessoa, this.bases.aluno.get(idPessoa) ?? {});
    return DONE;
  }

  private report(sigla: string): object {
    const disciplina = this.bases.disciplina.get(sigla);
    if (disciplina === undefined) return {};
    const { professor, alunos, copies } = this.course(sigla);
    const ids = this.has('unsorted') ? [...alunos] : [...alunos].sort();
    const studentOf = (id: string): Fields | undefined =>
      this.has('copies-names') ? copies.get(id) : this.bases.aluno.get(id);
    const blank = this.has('blank-professor') ? { siape: '', nome: '' } : undefined;
    return {
      disciplina,
      professor: professor === undefined ? blank : this.bases.professor.get(professor),
      alunos: ids.map((id) => studentOf(id) ?? { matricula: id, nome: '' }),
    };
  }

  private adminHandlers(): Record<string, never> {
    const handlers: Record<string, unknown> = {};
    for (const base of ['aluno', 'professor', 'disciplina'] as const) {
      const [create, list] = NAMES[base];
      const name = create.slice(4);
      const known = this.bases[base];
      handlers[create] = unary((fields: Fields) => this.change(base, 'create', fields));
      handlers[`Edita${name}`] = unary((fields: Fields) => this.change(base, 'update', fields));
      handlers[`Remove${name}`] = unary((fields: Fields) => this.change(base, 'delete', fields));
      handlers[`Obtem${name}`] = unary(({ id }: { id: string }) => known.get(id) ?? {});
      handlers[list] = rows(() => {
        const all = [...known.values()];
        const idOf = (one: Fields): string => String(one[ID[base]]);
        return this.has('unsorted') ? all : all.sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
      });
    }
    return handlers as Record<string, never>;
  }

  private enrolmentHandlers(): Record<string, never> {
    const taught = (of: (course: Course) => boolean): string[] =>
      [...this.courses]
        .filter(([, course]) => of(course))
        .map(([sigla]) => sigla)
        .sort();
    const handlers = {
      AdicionaProfessor: unary(({ disciplina, idPessoa }: Pair) => {
        if (!this.bases.disciplina.has(disciplina) || !this.bases.professor.has(idPessoa))
          return refusal('não existe');
        const course = this.course(disciplina);
        if (course.professor !== undefined && !this.has('second-professor'))
          return refusal('já tem professor');
        course.professor = idPessoa;
        return DONE;
      }),
      RemoveProfessor: unary(({ disciplina, idPessoa }: Pair) => {
        const course = this.course(disciplina);
        if (course.professor !== idPessoa) return refusal('não ministra');
        course.professor = undefined;
        return DONE;
      }),
      AdicionaAluno: unary((pair: Pair) => this.enrol(pair)),
      RemoveAluno: unary(({ disciplina, idPessoa }: Pair) =>
        this.course(disciplina).alunos.delete(idPessoa) ? DONE : refusal('não está'),
      ),
      DetalhaDisciplina: unary(({ id }: { id: string }) => this.report(id)),
      ObtemDisciplinasProfessor: rows(({ id }: { id: string }) =>
        taught(({ professor }) => professor === id).map((sigla) => this.report(sigla)),
      ),
      ObtemDisciplinasAluno: rows(({ id }: { id: string }) =>
        taught(({ alunos }) => alunos.has(id)).map((sigla) => ({
          ...this.report(sigla),
          totalAlunos: this.course(sigla).alunos.size,
        })),
      ),
    };
    return handlers as unknown as Record<string, never>;
  }

  private publish(base: Base, action: string, fields: Fields): void {
    if (this.broker === undefined) return;
    const text = Object.values(fields).join(',');
    const payload = this.has('publishes-json') ? JSON.stringify(fields) : text;
    const topic = `portal/admin/${base}/${action}`;
    if (!this.has('publishes-again')) this.echoes.push(`${topic} ${payload}`);
    this.broker.publish(topic, payload);
  }

  private listen(url: string): Promise<void> {
    const broker = mqtt.connect(url, { protocolVersion: 4, reconnectPeriod: 0 });
    this.broker = broker;
    broker.on('message', (topic, message) => {
      const echo = this.echoes.indexOf(`${topic} ${message.toString()}`);
      if (echo >= 0) this.echoes.splice(echo, 1);
      else if (!this.has('ignores-topics')) this.hear(topic, message.toString());
    });
    return new Promise((resolve) => {
      broker.on('connect', () => broker.subscribe('portal/#', () => resolve()));
    });
  }

  private hear(topic: string, payload: string): void {
    const [, , base = '', action = ''] = topic.split('/');
    const [id = '', nome = '', vagas] = payload.split(',');
    const isKnown = Object.hasOwn(ID, base) && ['create', 'update', 'delete'].includes(action);
    const isWhole =
      action === 'delete' || (nome !== '' && (base !== 'disciplina' || /^\d+$/.test(vagas ?? '')));
    if (!isKnown || !isWhole) {
      if (this.has('dies-of-bad-message')) this.broker?.end(true);
      return;
    }
    const fields = { [ID[base as Base]]: id, nome, ...(base === 'disciplina' && { vagas: Number(vagas) }) };
    this.change(base as Base, action, fields, true);
  }
}
