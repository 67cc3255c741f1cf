import type { MaybeOptionalInit } from 'openapi-fetch';
import type { Schema } from '../../client/index.js';
import type { paths } from '../../client/schema.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The paths that a method is for. */
export type Path<M extends Method> = {
  [P in keyof paths]: paths[P] extends { readonly [method in Lowercase<M>]: object } ? P : never;
}[keyof paths];

type Init<M extends Method, P extends Path<M>> = MaybeOptionalInit<paths[P], Lowercase<M> & keyof paths[P]>;

/** The parameters and the body of a call; may be left out where none is required. */
export type Rest<M extends Method, P extends Path<M>> = undefined extends Init<M, P> ? [Init<M, P>?] : [Init<M, P>];

type Responses<M extends Method, P extends Path<M>> = paths[P][Lowercase<M> & keyof paths[P]] extends {
  readonly responses: infer R;
}
  ? R
  : never;

type Body<R> = R extends { readonly content: infer C } ? C[keyof C] : undefined;

/** What is answered with a status: a success that no endpoint describes is none, all else is a refusal. */
export type AnswerAt<S extends number, M extends Method, P extends Path<M>> = S extends keyof Responses<M, P>
  ? Body<Responses<M, P>[S]>
  : `${S}` extends `2${string}`
    ? never
    : Schema<'Error'>;

type Refused = 400 | 401 | 402 | 403 | 404 | 409 | 412 | 413 | 415 | 422 | 428 | 429 | 500 | 503;

/** An answer whose status tells what its body is. */
export type Answer<M extends Method, P extends Path<M>> = {
  [S in (keyof Responses<M, P> & number) | Refused]: { readonly status: S; readonly body: AnswerAt<S, M, P> };
}[(keyof Responses<M, P> & number) | Refused];
