/** A field as the client describes it. */
export interface FieldDescription {
  readonly name: string;
  /** `scalar`, `enum` or `object` (a relation). */
  readonly kind: string;
  /** The model a relation leads to, or the type of the value. */
  readonly type: string;
}

/** The models of the schema and their fields. */
export type Models = ReadonlyMap<string, readonly FieldDescription[]>;

/** The schema, from the client's own description of it. */
export function readModels(client: object): Models {
  const { _runtimeDataModel: description } = client as {
    _runtimeDataModel?: { models: Record<string, { fields: FieldDescription[] }> };
  };
  if (description === undefined) throw new Error('this Prisma client does not describe its models');
  return new Map(Object.entries(description.models).map(([model, { fields }]) => [model, fields]));
}
