export { abs } from "./abs.ts";
export { freePort } from "./free-port.ts";
export {
  type GitRepositoryOptions,
  type TemporaryGitRepository,
  hermeticGitEnv,
  temporaryGitRepository,
} from "./git-repository.ts";
export {
  type ProcessResult,
  type RunProcessOptions,
  childrenOf,
  isAlive,
  runProcess,
} from "./process.ts";
export { runReadmeExample } from "./readme-example.ts";
export { searchTree } from "./search-tree.ts";
export {
  type Files,
  type TemporaryDirectory,
  type TemporaryHome,
  temporaryDirectory,
  temporaryHome,
} from "./temporary-directory.ts";
export {
  hasOpenssl,
  leaf,
  makeCertificates,
  startTunnelProxy,
  type TunnelAnswer,
  type TunnelProxy,
} from "./tls-world.ts";
export { type WaitOptions, collect, waitFor } from "./wait-for.ts";
export {
  type IssuedTokens,
  type OauthIssuer,
  type OauthIssuerOptions,
  startOauthIssuer,
} from "./oauth-issuer.ts";
export { type TlsProxy, type TlsProxyOptions, startTlsProxy } from "./tls-proxy.ts";
