// The official TypeScript SDKs against a server: every tool, prompt and resource that it is told to try, over one way.
//   mcp_clients.mjs MODULES WAY < PLAN
// WAY: v1, legacy, auto or modern, and http or stdio, as modern-http. PLAN: {url, token, command, environment, tools: [[name,
// arguments]], prompts: [[name, arguments]], resources: [uri]}. Prints what came of it as JSON; structured content is held against
// the tools' schemas by the SDK itself.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, way] = process.argv.slice(2);
const plan = JSON.parse(fs.readFileSync(0, "utf8"));
const load = (file) => import(pathToFileURL(path.join(modules, file)));
const [era, transport] = way.split("-");
const headers = { Authorization: "Bearer " + plan.token };
const info = { name: "alloy-tests", version: "1" };

async function connect() {
  if (era === "v1") {
    const { Client } = await load("@modelcontextprotocol/sdk/dist/esm/client/index.js");
    const client = new Client(info);
    if (transport === "http") {
      const { StreamableHTTPClientTransport } = await load("@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.js");
      await client.connect(new StreamableHTTPClientTransport(new URL(plan.url), { requestInit: { headers } }));
    } else {
      const { StdioClientTransport } = await load("@modelcontextprotocol/sdk/dist/esm/client/stdio.js");
      await client.connect(new StdioClientTransport({ command: plan.command, args: ["mcp"], env: plan.environment }));
    }
    return client;
  }
  const sdk = await load("@modelcontextprotocol/client/dist/index.mjs");
  const mode = era === "modern" ? { pin: "2026-07-28" } : era;
  const client = new sdk.Client(info, { versionNegotiation: { mode } });
  if (transport === "http") await client.connect(new sdk.StreamableHTTPClientTransport(new URL(plan.url), { requestInit: { headers } }));
  else {
    const stdio = await load("@modelcontextprotocol/client/dist/stdio.mjs");
    await client.connect(new stdio.StdioClientTransport({ command: plan.command, args: ["mcp"], env: plan.environment }));
  }
  return client;
}

const told = { failures: [], tools: 0, prompts: 0, resources: 0 };
async function trying(what, run) {
  try {
    return await run();
  } catch (error) {
    told.failures.push(`${what}: ${error?.stack?.slice(0, 400) ?? error}`);
  }
}

const client = await connect();
const tools = (await client.listTools()).tools;
told.names = tools.map((tool) => tool.name);
const schemas = new Map(tools.map((tool) => [tool.name, tool]));
for (const [name, args] of plan.tools)
  await trying(name, async () => {
    const result = await client.callTool({ name, arguments: args });
    if (result.isError) throw new Error(JSON.stringify(result.content).slice(0, 400));
    if (!schemas.get(name).outputSchema || !result.structuredContent) throw new Error("no structured content");
    if (JSON.stringify(JSON.parse(result.content[0].text)) !== JSON.stringify(result.structuredContent)) throw new Error("text and structure differ");
    told.tools++;
  });
told.prompt_names = (await client.listPrompts()).prompts.map((prompt) => prompt.name);
for (const [name, args] of plan.prompts)
  await trying(name, async () => {
    const got = await client.getPrompt({ name, arguments: args });
    if (got.messages.length < 2) throw new Error("nothing is attached");
    told.prompts++;
  });
told.listed = (await client.listResources()).resources.map((resource) => resource.uri);
told.templates = (await client.listResourceTemplates()).resourceTemplates.map((template) => template.uriTemplate);
for (const uri of [...told.listed, ...plan.resources])
  await trying(uri, async () => {
    JSON.parse((await client.readResource({ uri })).contents[0].text);
    told.resources++;
  });
await trying("completion", async () => {
  const got = await client.complete({ ref: { type: "ref/resource", uri: "alloy://orgs/{slug}" }, argument: { name: "slug", value: "org" } });
  if (!got.completion.values.includes("org-a")) throw new Error(JSON.stringify(got));
});
await client.close();
console.log(JSON.stringify(told));
process.exit(0);
