import openapiTypeScript, { astToString } from 'openapi-typescript'

/** The types of a client, as its author generates them from the document that a server gives out. */
export async function generateTypes(document: string): Promise<string> {
  return astToString(await openapiTypeScript(document))
}
