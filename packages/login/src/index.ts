export type { AuthDotJson, AuthMode, StoredTokens } from "./auth-dot-json.ts";
export type { AuthorityTransport } from "./authority.ts";
export { createAuthManager } from "./auth-manager.ts";
export {
  type AuthSource,
  type AuthSourceOptions,
  type RequestAuth,
  createAuthSource,
} from "./auth-source.ts";
export {
  type ApiKeyAuth,
  type ChatgptAuth,
  type CodexAuth,
  accountOf,
  accountPlanOf,
  apiAuthModeOf,
  expirationOf,
} from "./codex-auth.ts";
export type {
  AuthChange,
  AuthEvent,
  AuthManager,
  AuthManagerOptions,
  ChatgptTokens,
  GuardedReload,
  LoginStatus,
  LogoutOptions,
} from "./contract.ts";
export type {
  ExternalAccount,
  ExternalBearer,
  ExternalRefresh,
  ExternalTokens,
} from "./external-bearer.ts";
export { type AuthStatus, type AuthStatusQuestion, getAuthStatus } from "./auth-status.ts";
export type { BrowserLogin, BrowserLoginOptions } from "./browser-login.ts";
export type { DeviceCode, DeviceLoginOptions } from "./device-login.ts";
export {
  type CredentialStore,
  type CredentialStoreMode,
  type StoreAddress,
  createCredentialStore,
} from "./credential-store.ts";
export {
  LoginError,
  type LoginErrorCode,
  type RefreshRefusal,
  TokenRefreshError,
} from "./errors.ts";
export { type IdTokenInfo, jwtExpiration, parseIdToken } from "./jwt.ts";
export {
  type LoginRestrictions,
  enforceLoginRestrictions,
  restrictionFault,
} from "./login-restrictions.ts";
export { loginWithDeviceCode, startBrowserLogin } from "./login-flows.ts";
export {
  type AccountPlan,
  type KnownPlan,
  type TokenPlan,
  isBusinessLikePlan,
  isTeamLikePlan,
  isWorkspacePlan,
  parseHostPlan,
  parsePlan,
  planDisplayName,
  toAccountPlan,
} from "./plan-type.ts";
export { Secret, maskSecret } from "./secret.ts";
export {
  type TokenCommand,
  type TokenCommandOptions,
  createTokenCommand,
} from "./token-command.ts";
export type {
  RecoveryReadiness,
  RecoveryStep,
  UnauthorizedRecovery,
} from "./unauthorized-recovery.ts";
