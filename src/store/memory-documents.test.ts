import { describeDocuments } from "./documents-contract.ts";
import { createMemoryDocuments } from "./memory-documents.ts";

describeDocuments("memory", async (options) => createMemoryDocuments(options));
