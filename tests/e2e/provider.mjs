/**
 * A real identity provider (npm `oidc-provider`) on the loopback, for the tests: everybody signs in by their name alone, in a
 * form, or says no. What it keeps lies in memory. The first argument is the package.json whose modules it uses. It prints its
 * address, reads one line of JSON, {client, secret, back: [...], out: [...]}, and ends with its parent's pipe.
 */

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Provider } = await import(pathToFileURL(createRequire(process.argv[2]).resolve("oidc-provider")).href);

/** What people show besides: by the ending of their name. */
const SHOWN = { strong: { amr: ["pwd", "hwk"], acr: "phr" }, plain: { amr: ["pwd"] } };
const names = new Map();

const server = createServer();
await new Promise((done) => server.listen(0, "127.0.0.1", () => done(null)));
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(issuer);
const lines = createInterface({ input: process.stdin }).on("close", () => process.exit(0));
const { client, secret, back, out } = JSON.parse(await new Promise((done) => lines.once("line", done)));
const provider = new Provider(issuer, {
  clients: [{ client_id: client, client_secret: secret, redirect_uris: back, post_logout_redirect_uris: out, grant_types: ["authorization_code"], response_types: ["code"], token_endpoint_auth_method: "client_secret_basic" }],
  clientDefaults: { id_token_signed_response_alg: "RS256" },
  conformIdTokenClaims: false, // claims of a scope stand in the ID token, as most providers in use have it
  claims: { amr: null, openid: ["sub", "amr"], profile: ["preferred_username"] },
  acrValues: ["phr"],
  pkce: { required: () => true },
  scopes: ["openid"],
  cookies: { keys: ["of the tests"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: names.get(id) }) }),
  // Whoever signs in has agreed: it is the house's own service.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid profile");
    await grant.save();
    return grant;
  },
  renderError: (ctx, out) => {
    ctx.type = "text";
    ctx.body = `${out.error}: ${out.error_description}`;
  },
});
provider.on("server_error", (_ctx, error) => console.error(error));
const answer = provider.callback();

const FORM = `<!doctype html><html lang="en"><title>City ID</title><link rel="icon" href="data:,"><main><h1>City ID</h1>
<form method="post"><label>Name <input name="login" autofocus></label> <button>Sign in</button> <button name="no" value="1">No</button></form></main>`;

server.on("request", async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  if (request.method === "GET") return response.setHeader("content-type", "text/html; charset=utf-8").end(FORM);
  let body = "";
  for await (const part of request) body += part;
  const said = new URLSearchParams(body);
  const name = said.get("login") ?? "";
  const id = `id-of-${name}`;
  names.set(id, name.replace(/\+\w+$/, ""));
  const result = said.get("no") ? { error: "access_denied", error_description: "said no" } : { login: { accountId: id, ...SHOWN[name.split("+")[1] ?? "plain"] } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
});
console.log("ready");
