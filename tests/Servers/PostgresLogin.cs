namespace Servers;

/// <summary>A role's name and password.</summary>
public sealed record PostgresLogin(string Name, string Password);
