namespace Millrace;

/// <summary>Puts the Redis store into a host.</summary>
public static class RedisServices
{
}
