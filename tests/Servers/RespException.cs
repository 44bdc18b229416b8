namespace Servers;

/// <summary>An error reply of a Redis server, with its code as the first word.</summary>
public sealed class RespException(string message) : Exception(message);
