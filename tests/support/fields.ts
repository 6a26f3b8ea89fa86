/** A field of an object under test, its private ones too; it must be there, so that no check goes blind. */
export function field(owner: object, name: string): unknown {
  if (!Reflect.has(owner, name)) throw new Error(`there is no field ${name} to check any more`);
  return Reflect.get(owner, name);
}
