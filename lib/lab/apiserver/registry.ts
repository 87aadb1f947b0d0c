/** Which resources are served at the moment: the built-in ones and those that CustomResourceDefinitions add and remove. */
import { compileRules, type RuleValidator } from './cel-rules.ts';
import { META_SCHEMA } from './meta-schema.ts';
import { storageKey, type ResourceType } from './resource.ts';
import type { Schema } from './schema.ts';
import { compileSchema, type SchemaValidator } from './schema-validate.ts';

/** A served resource with what is compiled once for it. */
export interface Served {
  readonly type: ResourceType;
  readonly validateSchema: SchemaValidator;
  /** Absent when the schema has no rules. */
  readonly validateRules: RuleValidator | undefined;
  /** The whole object's schema with that of its metadata: along it go fields and their owners. */
  readonly ownedSchema: Schema;
}

const pathKey = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;

export class Registry {
  readonly #served = new Map<string, Served>();

  /** Throws when a schema holds a pattern that is no regular expression, or a rule that does not compile. */
  add(type: ResourceType): void {
    // The built-in kinds are checked while they are decoded.
    const validateSchema = type.custom ? compileSchema(type.schema) : () => [];
    const validateRules = type.custom ? compileRules(type.schema) : undefined;
    const ownedSchema = { ...type.schema, properties: { ...type.schema.properties, metadata: META_SCHEMA } };
    this.#served.set(pathKey(type.group, type.version, type.plural), {
      type,
      validateSchema,
      validateRules,
      ownedSchema,
    });
  }

  remove(group: string, plural: string): void {
    for (const [key, { type }] of this.#served) {
      if (type.group === group && type.plural === plural) this.#served.delete(key);
    }
  }

  find(group: string, version: string, plural: string): Served | undefined {
    return this.#served.get(pathKey(group, version, plural));
  }

  /** By the names in an object or an ownerReference. */
  findKind(group: string, kind: string): Served | undefined {
    return this.all().find(({ type }) => type.group === group && type.kind === kind);
  }

  findStorage(key: string): Served | undefined {
    return this.all().find(({ type }) => storageKey(type) === key && type.version === type.storageVersion);
  }

  all(): Served[] {
    return [...this.#served.values()];
  }

  /** Versions of each group, in the order in which they were added. */
  groups(): Map<string, string[]> {
    const groups = new Map<string, string[]>();
    for (const { type } of this.#served.values()) {
      const versions = groups.get(type.group) ?? [];
      if (!versions.includes(type.version)) versions.push(type.version);
      groups.set(type.group, versions);
    }
    return groups;
  }
}
